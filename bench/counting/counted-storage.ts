/**
 * @module An object's storage with statements, rows, transactions and alarms counted under the name of its class.
 */
import { count } from "./counters.ts";

type Exec = SqlStorage["exec"];

/** Counts from now on; called before the object's own constructor. */
export function countStorage(className: string, ctx: DurableObjectState): void {
  const { storage } = ctx;
  const { sql } = storage;
  const exec: Exec = sql.exec.bind(sql);
  const counted = (...args: Parameters<Exec>) => {
    const cursor = exec(...args);
    const [statement] = args;
    const toArray = cursor.toArray.bind(cursor);
    cursor.toArray = () => {
      const rows = toArray();
      count(`statements ${className}`);
      count(`rows read ${className}`, cursor.rowsRead);
      if (cursor.rowsWritten > 0) {
        count(`rows ${className}`, cursor.rowsWritten);
        count(`rows of ${className}: ${tableOf(statement)}`, cursor.rowsWritten);
      }
      return rows;
    };
    return cursor;
  };
  sql.exec = counted as Exec;

  const transactionSync = storage.transactionSync.bind(storage);
  storage.transactionSync = (work) => {
    count(`transactions ${className}`);
    return transactionSync(work);
  };
  const setAlarm = storage.setAlarm.bind(storage);
  storage.setAlarm = (...args) => {
    count(`setAlarm ${className}`);
    return setAlarm(...args);
  };
}

function tableOf(statement: string): string {
  if (/^\s*CREATE/i.test(statement)) return "schema";
  return /(?:INTO|UPDATE|FROM)\s+(\w+)/i.exec(statement)?.[1] ?? "other";
}
