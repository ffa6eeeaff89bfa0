/** Where the focus goes after a change of a list: what had it may be gone, or have moved. */
import { useLayoutEffect, useRef } from 'preact/hooks'

/** What {@link useFocusAfter} returns. */
export interface FocusAfter {
  readonly container: { current: HTMLDivElement | null }
  /** Asks for the focus on the first element of the first selector that finds one, once the list has changed. */
  focusNext(...selectors: readonly string[]): void
}

/** Moves the focus after `change` has changed. */
export function useFocusAfter(change: unknown): FocusAfter {
  const container = useRef<HTMLDivElement>(null)
  const wanted = useRef<readonly string[]>([])
  // With the change: a key that follows at once must not hit what is in its place.
  useLayoutEffect(() => {
    const selectors = wanted.current
    wanted.current = []
    for (const selector of selectors) {
      const found = container.current?.querySelector<HTMLElement>(selector)
      if (found === undefined || found === null) continue
      found.focus()
      return
    }
  }, [change])
  return {
    container,
    focusNext: (...selectors) => {
      wanted.current = selectors
    },
  }
}
