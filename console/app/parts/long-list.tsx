/** The elements of an `ul` of which the first are drawn, and more when asked: for lists whose rows differ in height. */
import { type ComponentChildren, Fragment } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Button } from './button.tsx'
import { countOf } from './format.ts'

/** What a list shows. */
export interface LongListProps<T> {
  readonly items: readonly T[]
  /** Draws an element, whose root needs no key. */
  readonly item: (item: T) => ComponentChildren
  /** What the elements are, such as `method`. */
  readonly noun: string
  /** How many are drawn at first, and with each press of the button. Default: 200. */
  readonly step?: number
}

/** Draws the elements, and a button while there are more. */
export function LongList<T>({ items, item, noun, step = 200 }: LongListProps<T>) {
  const [shown, setShown] = useState(step)
  const left = items.length - shown
  const last = useRef<Element | null>(null)
  const showMore = ({ currentTarget }: MouseEvent) => {
    last.current =
      currentTarget instanceof Element ? (currentTarget.closest('li')?.previousElementSibling ?? null) : null
    setShown(shown + step)
  }
  // The button moves on, or goes: the focus is on the first of the new elements.
  useLayoutEffect(() => {
    const first = last.current?.nextElementSibling
    if (!(first instanceof HTMLElement)) return
    first.tabIndex = -1
    first.focus({ preventScroll: true })
  }, [shown])
  return (
    <>
      {items.slice(0, shown).map((each, index) => (
        // Elements do not move.
        <Fragment key={`${index}`}>{item(each)}</Fragment>
      ))}
      {left > 0 && (
        <li class="row long-list-more">
          <Button onClick={showMore}>Show {countOf(Math.min(step, left), `more ${noun}`)}</Button>
          <span class="hint">{countOf(left, noun)} not shown</span>
        </li>
      )}
    </>
  )
}
