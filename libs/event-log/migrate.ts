import { type Migration, Migrator } from "kysely/migration";
import type { Database } from "./database.ts";
import { up as log } from "./migrations/0001-log.ts";
import { up as readModels } from "./migrations/0002-read-models.ts";
import { up as budgets } from "./migrations/0003-budgets.ts";
import { up as badEnds } from "./migrations/0004-bad-ends.ts";
import { up as unlinking } from "./migrations/0005-unlinking.ts";
import { up as vault } from "./migrations/0006-vault.ts";
import { up as appendColumns } from "./migrations/0007-append-columns.ts";
import { up as accounts } from "./migrations/0008-accounts.ts";
import { up as inbox } from "./migrations/0009-inbox.ts";

const migrations: Record<string, Migration> = {
  "0001-log": { up: log },
  "0002-read-models": { up: readModels },
  "0003-budgets": { up: budgets },
  "0004-bad-ends": { up: badEnds },
  "0005-unlinking": { up: unlinking },
  "0006-vault": { up: vault },
  "0007-append-columns": { up: appendColumns },
  "0008-accounts": { up: accounts },
  "0009-inbox": { up: inbox },
};

/** Brings the schema up to date. Forward only; safe to run from several processes at once (Kysely takes a lock). */
export async function migrate(db: Database): Promise<string[]> {
  const { error, results } = await migrator(db).migrateToLatest();
  if (error) throw new Error("the database could not be migrated", { cause: error });
  return (results ?? []).map((result) => result.migrationName);
}

/** Whether the schema is the one this build needs. Services that do not migrate wait for it. */
export async function isMigrated(db: Database): Promise<boolean> {
  const applied = await migrator(db).getMigrations();
  return applied.every((migration) => migration.executedAt !== undefined);
}

function migrator(db: Database): Migrator {
  return new Migrator({
    db,
    provider: { getMigrations: async () => migrations },
    migrationTableName: "callbridge_migrations",
    migrationLockTableName: "callbridge_migrations_lock",
  });
}
