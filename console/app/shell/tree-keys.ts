/** What the keys of the tree pattern do: https://www.w3.org/WAI/ARIA/apg/patterns/treeview/ */
import { parentIndex, type TreeRow } from './tree-rows.ts'

/** What a key does. */
export type TreeKeyAction =
  | { readonly kind: 'move'; readonly key: string }
  | { readonly kind: 'open'; readonly key: string; readonly isOpen: boolean }
  /** As a click. */
  | { readonly kind: 'follow' }

/** A key of the keyboard. */
export interface PressedKey {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
}

const PAGE_ROWS = 10

/** Returns what a key does at a row; undefined if it is not for the tree. */
export function treeKeyAction(
  pressed: PressedKey,
  rows: readonly TreeRow[],
  active: number,
): TreeKeyAction | undefined {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return undefined
  const row = rows[active]
  if (row === undefined) return undefined
  switch (pressed.key) {
    case 'ArrowDown':
      return moveTo(rows, active + 1)
    case 'ArrowUp':
      return moveTo(rows, active - 1)
    case 'PageDown':
      return moveTo(rows, active + PAGE_ROWS)
    case 'PageUp':
      return moveTo(rows, active - PAGE_ROWS)
    case 'Home':
      return moveTo(rows, 0)
    case 'End':
      return moveTo(rows, rows.length - 1)
    case 'ArrowRight':
      if (row.kind === 'method') return undefined
      return row.isOpen ? moveTo(rows, active + 1) : { kind: 'open', key: row.key, isOpen: true }
    case 'ArrowLeft':
      if (row.kind !== 'method' && row.isOpen) return { kind: 'open', key: row.key, isOpen: false }
      return moveTo(rows, parentIndex(rows, active))
    case 'Enter':
    case ' ':
      return { kind: 'follow' }
    default:
      return moveToLetter(pressed.key, rows, active)
  }
}

/** Beyond an edge, the row at the edge. */
function moveTo(rows: readonly TreeRow[], index: number): TreeKeyAction | undefined {
  const row = rows[Math.max(0, Math.min(index, rows.length - 1))]
  return row === undefined ? undefined : { kind: 'move', key: row.key }
}

/** The next row whose name starts with a letter. */
function moveToLetter(key: string, rows: readonly TreeRow[], active: number): TreeKeyAction | undefined {
  if ([...key].length !== 1) return undefined
  const letter = key.toLowerCase()
  for (let step = 1; step <= rows.length; step += 1) {
    const row = rows[(active + step) % rows.length]
    if (row !== undefined && nameOf(row).toLowerCase().startsWith(letter)) return { kind: 'move', key: row.key }
  }
  return undefined
}

function nameOf(row: TreeRow): string {
  if (row.kind === 'package') return row.name
  return row.kind === 'service' ? row.service.name : row.method.name
}
