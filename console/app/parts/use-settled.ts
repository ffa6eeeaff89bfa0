/** A value that changes while someone types, for live regions: they would read each change aloud. */
import { useEffect, useState } from 'preact/hooks'

/** Returns the value as of the last time that it has not changed for a while. */
export function useSettled<T>(value: T, pauseMs: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pauseMs)
    return () => clearTimeout(timer)
  }, [value, pauseMs])
  return settled
}
