/** Whether an element has room for two panes side by side. */
import type { RefObject } from 'preact'
import { useEffect, useState } from 'preact/hooks'

const WIDE_PX = 520

export function useWide(element: RefObject<HTMLElement | null>): boolean {
  const [isWide, setIsWide] = useState(false)
  useEffect(() => {
    if (element.current === null) return
    const observer = new ResizeObserver(([entry]) => setIsWide((entry?.contentRect.width ?? 0) >= WIDE_PX))
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [])
  return isWide
}
