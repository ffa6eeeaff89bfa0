/** Tables of text. */
import { printable } from '../../../../wire/text/escape-controls.ts'

const GAP = '  '
const NUMBER = /^-?\d+$/

/** What a line that is cut ends with. */
const CUT = '…'

/**
 * Returns the lines of a table: the header, then the rows. Columns of numbers are aligned to the right.
 *
 * @param width the longest line, in characters. Default: no limit
 */
export function tableLines(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): string[] {
  const cells = [header, ...rows].map((row) => row.map((cell) => printable(cell)))
  const columns = header.map((_, at) => columnOf(cells.map((row) => row[at] ?? '')))
  return cells.map((row) =>
    cut(
      row
        .map((cell, at) => columns[at]?.(cell) ?? cell)
        .join(GAP)
        .trimEnd(),
      width,
    ),
  )
}

/** Returns how the cells of a column are padded. */
function columnOf([name = '', ...cells]: readonly string[]): (cell: string) => string {
  const length = Math.max(name.length, ...cells.map((cell) => cell.length))
  const filled = cells.filter((cell) => cell !== '')
  const isNumeric = filled.length > 0 && filled.every((cell) => NUMBER.test(cell))
  return isNumeric ? (cell) => cell.padStart(length) : (cell) => cell.padEnd(length)
}

function cut(line: string, width: number): string {
  return line.length > width ? `${line.slice(0, Math.max(0, width - 1))}${CUT}` : line
}
