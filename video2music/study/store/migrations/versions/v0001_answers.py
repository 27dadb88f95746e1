"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _participants()
    _visits()
    _answers()
    op.create_table(
        "tallies",
        sa.Column("study", sa.String(64), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("cell", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("study", "mode", "event", "cell", name="pk_tallies"),
    )


def _participants() -> None:
    op.create_table(
        "participants",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("study", sa.String(64), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("cell", sa.Integer, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("external_id", sa.String(200)),
        sa.Column("consent_version", sa.Text, nullable=False),
        sa.Column("resume_code", sa.String(8), nullable=False),
        sa.Column("completion_code", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", sa.String(24), nullable=False),
        sa.Column("seen_at", sa.String(24), nullable=False),
        sa.Column("finished_at", sa.String(24), nullable=False),
        sa.Column("headphones", sa.Integer, nullable=False),
        sa.Column("headphone_attempts", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_participants"),
        sa.UniqueConstraint("study", "mode", "number", name="uq_participants_study_mode_number"),
        sa.UniqueConstraint("study", "mode", "external_id", name="uq_participants_study_mode_external_id"),
        sa.UniqueConstraint("resume_code", name="uq_participants_resume_code"),
    )


def _visits() -> None:
    op.create_table(
        "visits",
        sa.Column("participant", sa.String(32), nullable=False),
        sa.Column("step", sa.String(80), nullable=False),
        sa.Column("opened_at", sa.String(24), nullable=False),
        sa.Column("passed_at", sa.String(24), nullable=False),
        sa.Column("ratings_open", sa.Boolean, nullable=False),
        sa.Column("plays", sa.Integer, nullable=False),
        sa.Column("played_share", sa.Double, nullable=False),
        sa.Column("duration_s", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("participant", "step", name="pk_visits"),
        sa.ForeignKeyConstraint(["participant"], ["participants.id"], name="fk_visits_participant", ondelete="CASCADE"),
    )


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("participant", sa.String(32), nullable=False),
        sa.Column("step", sa.String(80), nullable=False),
        sa.Column("question", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("block", sa.Integer, nullable=False),
        sa.Column("clip", sa.String(64), nullable=False),
        sa.Column("condition", sa.String(64), nullable=False),
        sa.Column("other_condition", sa.String(64), nullable=False),
        sa.Column("question_kind", sa.String(16), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("expected", sa.Text, nullable=False),
        sa.Column("stored_at", sa.String(24), nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("plays", sa.Integer, nullable=False),
        sa.Column("played_share", sa.Double, nullable=False),
        sa.Column("duration_s", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("participant", "step", "question", name="pk_answers"),
        sa.ForeignKeyConstraint(
            ["participant"], ["participants.id"], name="fk_answers_participant", ondelete="CASCADE"
        ),
    )
