"""The pages of a listening study: what a participant sees, and the researcher's dashboard.

Plain routes with templates, served before the page that composes by the same server (`server.study_routes`).
"""
