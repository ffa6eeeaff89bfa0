/** The texts of routes: the part of the URL after `#`. */

/** What the page shows. `name` is that of a declaration, `package.Service/Method` for a method. */
export interface Route {
  readonly view: ViewName
  readonly name: string
  /** What follows a question mark, such as `call=...`. */
  readonly query: URLSearchParams
}

/** The views of the page. */
export const VIEW_NAMES = [
  'overview',
  'service',
  'method',
  'message',
  'enum',
  'history',
  'health',
  'channelz',
  'metrics',
  'samples',
] as const

/** The name of a view, as in `#/method/greeter.v1.GreeterService/SayHello`. */
export type ViewName = (typeof VIEW_NAMES)[number]

/** Reads a hash. Anything unknown is the overview. */
export function parseRoute(text: string): Route {
  const [path, query] = cut(text.replace(/^#\/?/, ''), '?')
  const [view, name] = cut(path, '/')
  const known = VIEW_NAMES.find((each) => each === view)
  if (known === undefined) return { view: 'overview', name: '', query: new URLSearchParams() }
  return { view: known, name: decoded(name), query: new URLSearchParams(query) }
}

/** Returns the link to a view. */
export function linkTo(view: ViewName, name = '', query = ''): string {
  const path = name === '' ? view : `${view}/${name.split('/').map(encodeURIComponent).join('/')}`
  return `#/${path}${query === '' ? '' : `?${query}`}`
}

/** Returns the link to a field in the page of its message, or to a value in that of its enum. */
export function linkToMember(view: 'message' | 'enum', type: string, member: string): string {
  return linkTo(view, type, new URLSearchParams({ [view === 'message' ? 'field' : 'value']: member }).toString())
}

/** Splits at the first separator. */
function cut(text: string, separator: string): [before: string, after: string] {
  const index = text.indexOf(separator)
  return index === -1 ? [text, ''] : [text.slice(0, index), text.slice(index + separator.length)]
}

/** People can write anything into the address bar. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
