/** Finds the elements that the markup of the page promises. */

type ElementClass<E extends Element> = abstract new (...args: never) => E

/** The first element that matches. Throws when there is none of that class: markup and script do not fit together then. */
export function need<E extends Element>(root: ParentNode, selector: string, elementClass: ElementClass<E>): E {
  const element = root.querySelector(selector)
  if (element instanceof elementClass) return element
  throw new Error(`the page has no ${elementClass.name} at ${selector}`)
}

/** The element that the markup marks with `data-part`. */
export function needPart(root: ParentNode, part: string): HTMLElement {
  return need(root, `[data-part="${part}"]`, HTMLElement)
}

/** All elements that match, in document order. */
export function all<E extends Element>(root: ParentNode, selector: string, elementClass: ElementClass<E>): E[] {
  return [...root.querySelectorAll(selector)].filter((element): element is E => element instanceof elementClass)
}
