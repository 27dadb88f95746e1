"""What of each study must not change any more."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table; studies that people took part in before are kept when they are opened next."""
    op.create_table(
        "studies",
        sa.Column("study", sa.String(64), nullable=False),
        sa.Column("parts", sa.Text, nullable=False),
        sa.Column("frozen_at", sa.String(24), nullable=False),
        sa.PrimaryKeyConstraint("study", name="pk_studies"),
    )
