/** A part of a long list: a form with thousands of inputs would answer slowly. */
import { useState } from 'preact/hooks'

const SIZE = 50

export interface ListWindow {
  readonly from: number
  /** After the last one that is shown. */
  readonly to: number
  readonly canPage: boolean
  readonly show: (index: number) => void
}

export function useWindow(count: number): ListWindow {
  const [wanted, show] = useState(0)
  const page = Math.floor(Math.max(0, Math.min(wanted, count - 1)) / SIZE)
  return { from: page * SIZE, to: Math.min(count, (page + 1) * SIZE), canPage: count > SIZE, show }
}

/** How many elements a page has. */
export const WINDOW_SIZE = SIZE
