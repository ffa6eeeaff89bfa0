/** Finds elements that the markup of the page must have. */

type ElementClass<E extends Element> = abstract new (...args: never) => E

/**
 * Returns the first element that matches.
 *
 * @throws Error if it is missing or of another class: the markup and the script do not match then
 */
export function need<E extends Element>(root: ParentNode, selector: string, elementClass: ElementClass<E>): E {
  const element = root.querySelector(selector)
  if (element instanceof elementClass) return element
  throw new Error(`the page has no ${elementClass.name} at ${selector}`)
}

/** Returns the element with this `data-part` in the markup. */
export function needPart(root: ParentNode, part: string): HTMLElement {
  return need(root, `[data-part="${part}"]`, HTMLElement)
}

/** Returns all elements that match, in document order. */
export function all<E extends Element>(root: ParentNode, selector: string, elementClass: ElementClass<E>): E[] {
  return [...root.querySelectorAll(selector)].filter((element): element is E => element instanceof elementClass)
}
