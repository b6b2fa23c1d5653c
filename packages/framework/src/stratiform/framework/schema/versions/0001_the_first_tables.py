"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """The first tables."""
    op.create_table(
        "sequence",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "config_value",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope_kind", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "scope_kind", "scope_id"),
    )
    op.create_table(
        "config_version",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("resource_kind", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=True),
        sa.Column("job", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("event_at", ["at", "id", "owner"], unique=False)
        batch_op.create_index(
            "event_number",
            ["number"],
            unique=True,
            sqlite_where=sa.text("number IS NOT NULL"),
            postgresql_where=sa.text("number IS NOT NULL"),
        )
        batch_op.create_index("event_owner", ["owner", "at", "id"], unique=False)
        batch_op.create_index("event_resource", ["resource", "at", "id"], unique=False)
        batch_op.create_index(
            "event_turn",
            ["resource", "generation"],
            unique=False,
            sqlite_where=sa.text("number IS NULL"),
            postgresql_where=sa.text("number IS NULL"),
        )
        batch_op.create_index(
            "event_waiting",
            ["at", "id"],
            unique=False,
            sqlite_where=sa.text("number IS NULL AND at >= 0"),
            postgresql_where=sa.text("number IS NULL AND at >= 0"),
        )
    op.create_table(
        "event_counter",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "generation",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "process",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("heartbeat", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("draining", sa.Boolean(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("parent", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=True),
        sa.Column("held", sa.Text(), nullable=False),
        sa.Column("fair_key", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("rewind", sa.Text(), nullable=True),
        sa.Column("way", sa.Integer(), server_default="0", nullable=False),
        sa.Column("memory", sa.Text(), nullable=True),
        sa.Column("cancel", sa.BigInteger(), nullable=True),
        sa.Column("hold", sa.BigInteger(), nullable=True),
        sa.Column("retried", sa.Text(), nullable=True),
        sa.Column("resource", sa.Text(), nullable=True),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("journal", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uuid"),
        postgresql_with={"fillfactor": 70, "autovacuum_vacuum_scale_factor": 0.01},
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(
            "job_blocked",
            ["lane", "ticket"],
            unique=False,
            postgresql_where=sa.text("state = 'blocked'"),
            sqlite_where=sa.text("state = 'blocked'"),
        )
        batch_op.create_index(
            "job_created",
            ["created", "id"],
            unique=False,
            postgresql_where=sa.text("parent IS NULL"),
            sqlite_where=sa.text("parent IS NULL"),
        )
        batch_op.create_index(
            "job_due",
            ["due"],
            unique=False,
            postgresql_where=sa.text("due IS NOT NULL AND cancel IS NULL AND state <> 'ended'"),
            sqlite_where=sa.text("due IS NOT NULL AND cancel IS NULL AND state <> 'ended'"),
        )
        batch_op.create_index(
            "job_ended",
            ["changed"],
            unique=False,
            postgresql_where=sa.text("state = 'ended' AND parent IS NULL"),
            sqlite_where=sa.text("state = 'ended' AND parent IS NULL"),
        )
        batch_op.create_index(
            "job_fair",
            ["stage", "fair_key", "ticket"],
            unique=False,
            postgresql_where=sa.text("state IN ('ready', 'blocked')"),
            sqlite_where=sa.text("state IN ('ready', 'blocked')"),
        )
        batch_op.create_index("job_fair_key", ["fair_key", "created", "id"], unique=False)
        batch_op.create_index(
            "job_lane",
            ["lane"],
            unique=False,
            postgresql_where=sa.text("state IN ('ready', 'running', 'waiting', 'held')"),
            sqlite_where=sa.text("state IN ('ready', 'running', 'waiting', 'held')"),
        )
        batch_op.create_index(
            "job_not_before",
            ["not_before"],
            unique=False,
            postgresql_where=sa.text("not_before IS NOT NULL"),
            sqlite_where=sa.text("not_before IS NOT NULL"),
        )
        batch_op.create_index(
            "job_owner",
            ["owner"],
            unique=False,
            postgresql_where=sa.text("owner IS NOT NULL"),
            sqlite_where=sa.text("owner IS NOT NULL"),
        )
        batch_op.create_index(
            "job_parent",
            ["parent"],
            unique=False,
            postgresql_where=sa.text("parent IS NOT NULL"),
            sqlite_where=sa.text("parent IS NOT NULL"),
        )
        batch_op.create_index(
            "job_ready",
            ["stage", "ticket"],
            unique=False,
            postgresql_where=sa.text("state = 'ready'"),
            sqlite_where=sa.text("state = 'ready'"),
        )
        batch_op.create_index("job_resource", ["resource"], unique=False)
        batch_op.create_index(
            "job_retried",
            ["retried"],
            unique=True,
            postgresql_where=sa.text("retried IS NOT NULL"),
            sqlite_where=sa.text("retried IS NOT NULL"),
        )
        batch_op.create_index("job_root", ["root"], unique=False)
        batch_op.create_index(
            "job_under_way",
            ["stage"],
            unique=False,
            postgresql_where=sa.text(
                "parent IS NULL AND (state IN ('running','waiting') OR (state IN ('ready','held') AND done + way > 0))"
            ),
            sqlite_where=sa.text(
                "parent IS NULL AND (state IN ('running','waiting') OR (state IN ('ready','held') AND done + way > 0))"
            ),
        )
    op.create_table(
        "lane",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("busy", sa.Integer(), nullable=False),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("mode", sa.Text(), server_default="run", nullable=False),
        sa.Column("steered", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("key"),
        postgresql_with={"fillfactor": 70},
    )
    op.create_table(
        "share",
        sa.Column("fair_key", sa.Text(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("fair_key"),
    )
    op.create_table(
        "stage",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("workers", sa.Integer(), nullable=False),
        sa.Column("least", sa.Integer(), nullable=True),
        sa.Column("most", sa.Integer(), nullable=True),
        sa.Column("target", sa.BigInteger(), nullable=True),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("in_flight", sa.Integer(), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=True),
        sa.Column("weight", sa.Integer(), server_default="1", nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("scaled", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("clock", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "token",
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=True),
        sa.Column("resource", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("principal", "scope", "token"),
    )
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.create_index("token_until", ["until"], unique=False)
    op.create_table(
        "resource",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uuid", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("transport", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uuid"),
    )
