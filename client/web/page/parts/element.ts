/** Creates elements. Text becomes text nodes only, so that nothing a peer sends can become markup. */

/** Creates an HTML element with attributes and children; a string child is text. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  return fill(document.createElement(name), attributes, children)
}

/** Creates an SVG element with attributes and children; a string child is text. */
export function svgElement<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): SVGElementTagNameMap[Name] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children)
}

function fill<E extends Element>(
  target: E,
  attributes: Readonly<Record<string, string>>,
  children: readonly (Node | string)[],
): E {
  for (const [name, value] of Object.entries(attributes)) target.setAttribute(name, value)
  target.append(...children)
  return target
}
