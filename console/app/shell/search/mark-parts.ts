/** Where a name has the words of a query. */

/** A piece of a name. */
export interface NamePiece {
  readonly text: string
  readonly isMarked: boolean
}

/** Splits a name into pieces, of which those are marked that are in the query. */
export function markParts(name: string, query: string): NamePiece[] {
  const lower = name.toLowerCase()
  const isMarked = new Array<boolean>(name.length).fill(false)
  for (const part of query
    .toLowerCase()
    .split(/[\s./]+/)
    .filter(Boolean)) {
    const index = lower.indexOf(part)
    if (index !== -1) isMarked.fill(true, index, index + part.length)
  }
  const pieces: { text: string; isMarked: boolean }[] = []
  for (const [index, marked] of isMarked.entries()) {
    const last = pieces.at(-1)
    const unit = name[index] ?? ''
    if (last?.isMarked === marked) last.text += unit
    else pieces.push({ text: unit, isMarked: marked })
  }
  return pieces
}
