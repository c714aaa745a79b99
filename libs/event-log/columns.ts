/* How many rows travel to PostgreSQL as the parameters of one function call: a column is an array, bytes are one value. */

/** One column of the rows, as PostgreSQL writes an array. Its own driver takes several times as long for it. */
export function column<Row>(rows: readonly Row[], value: (row: Row) => string | number | undefined): string {
  let text = "";
  for (const row of rows) {
    const one = value(row);
    if (text !== "") text += ",";
    if (one === undefined) text += "NULL";
    else if (typeof one === "number") text += one;
    else text += `"${needsEscape.test(one) ? one.replace(/["\\]/g, "\\$&") : one}"`;
  }
  return `{${text}}`;
}
const needsEscape = /["\\]/;

/** Bytes of many rows end to end; `from` counts from 1, as `substring` does. */
export function pack() {
  const pieces: Buffer[] = [];
  let next = 1;
  return {
    add: (piece: Buffer) => {
      const from = next;
      pieces.push(piece);
      next += piece.length;
      return { from, length: piece.length };
    },
    all: () => Buffer.concat(pieces),
  };
}

/** Calls a function by its parameters' places. Under a name PostgreSQL reads and plans it once for each connection. */
export function statement(name: string, values: readonly unknown[]): { name: string; text: string } {
  return { name, text: `select ${name}(${values.map((_, place) => `$${place + 1}`)}) as answer` };
}
