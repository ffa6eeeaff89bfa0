/** A list of any length, of which only the rows in sight are in the document. All rows have the same height. */
import type { ComponentChildren, HTMLAttributes } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { visibleRange } from './visible-range.ts'

/** Rows beyond the edges, so that scrolling shows no gaps. */
const SPARE_ROWS = 8

/** What a list shows. */
export interface VirtualListProps {
  readonly count: number
  readonly rowHeightPx: number
  /** Draws a row, whose root needs a `key` and the height of a row. */
  readonly row: (index: number) => ComponentChildren
  /** Scrolls a row into sight whenever this changes. */
  readonly shownIndex?: number | undefined
  /** Whether the list stays at its end while rows are added, as long as the user has not scrolled away from it. */
  readonly isFollowing?: boolean
  /** Further attributes of the element that scrolls, such as `role` and `aria-label`. */
  readonly attributes?: HTMLAttributes<HTMLDivElement>
}

/** Draws the list. Its element takes its height from its container or class. */
export function VirtualList(props: VirtualListProps) {
  const { count, rowHeightPx, row, attributes = {} } = props
  const element = useRef<HTMLDivElement>(null)
  const view = useViewport(element)
  useShownIndex(element, props)
  useFollowing(element, props)
  const { first, last } = visibleRange({ ...view, count, rowHeightPx, spareRows: SPARE_ROWS })
  const indexes = Array.from({ length: last - first }, (_, turn) => first + turn)
  return (
    <div {...attributes} ref={element} class={`virtual-list ${attributes.class ?? ''}`.trim()}>
      <div class="virtual-list-space" role="presentation" style={{ height: `${count * rowHeightPx}px` }}>
        <div
          class="virtual-list-rows"
          role="presentation"
          style={{ transform: `translateY(${first * rowHeightPx}px)` }}
        >
          {indexes.map(row)}
        </div>
      </div>
    </div>
  )
}

type ElementRef = { readonly current: HTMLDivElement | null }

/** Returns how far the element is scrolled, and how high it is. */
function useViewport(element: ElementRef) {
  const [view, setView] = useState({ topPx: 0, heightPx: 800 })
  useLayoutEffect(() => {
    const scrolled = element.current
    if (scrolled === null) return
    const measure = () => {
      const { scrollTop: topPx, clientHeight: heightPx } = scrolled
      setView((known) => (known.topPx === topPx && known.heightPx === heightPx ? known : { topPx, heightPx }))
    }
    const observer = new ResizeObserver(measure)
    observer.observe(scrolled)
    scrolled.addEventListener('scroll', measure, { passive: true })
    measure()
    return () => {
      observer.disconnect()
      scrolled.removeEventListener('scroll', measure)
    }
  }, [element])
  return view
}

function useShownIndex(element: ElementRef, { shownIndex, rowHeightPx }: VirtualListProps): void {
  useLayoutEffect(() => {
    const scrolled = element.current
    if (scrolled === null || shownIndex === undefined || shownIndex < 0) return
    const topPx = shownIndex * rowHeightPx
    if (topPx < scrolled.scrollTop) scrolled.scrollTop = topPx
    const lowestPx = topPx + rowHeightPx - scrolled.clientHeight
    if (lowestPx > scrolled.scrollTop) scrolled.scrollTop = lowestPx
  }, [element, shownIndex, rowHeightPx])
}

function useFollowing(element: ElementRef, { count, rowHeightPx, isFollowing = false }: VirtualListProps): void {
  const isAtEnd = useRef(true)
  useEffect(() => {
    const scrolled = element.current
    if (scrolled === null) return
    const note = () => {
      isAtEnd.current = scrolled.scrollHeight - scrolled.scrollTop - scrolled.clientHeight < rowHeightPx
    }
    scrolled.addEventListener('scroll', note, { passive: true })
    return () => scrolled.removeEventListener('scroll', note)
  }, [element, rowHeightPx])
  // Runs for each added row: `count` is what it waits for.
  useLayoutEffect(() => {
    const scrolled = element.current
    if (isFollowing && isAtEnd.current && scrolled !== null) scrolled.scrollTop = scrolled.scrollHeight
  }, [element, count, isFollowing])
}
