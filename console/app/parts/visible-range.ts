/** Which rows of a list are in sight. */

/** Where the list is scrolled to. */
export interface ListView {
  readonly topPx: number
  readonly heightPx: number
  readonly count: number
  readonly rowHeightPx: number
  /** How many rows are added at each edge. */
  readonly spareRows: number
}

/** Returns the first row to draw, and the one after the last. */
export function visibleRange({ topPx, heightPx, count, rowHeightPx, spareRows }: ListView): {
  readonly first: number
  readonly last: number
} {
  const last = Math.min(count, Math.ceil((topPx + heightPx) / rowHeightPx) + spareRows)
  const first = Math.max(0, Math.min(Math.floor(topPx / rowHeightPx) - spareRows, last))
  return { first, last: Math.max(first, last) }
}
