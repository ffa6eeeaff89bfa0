/** Where the page is: the part of the URL after `#`, so that links work under any prefix and no server sees what they hold. */
import { computed, signal } from '@preact/signals'

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

const hash = signal(location.hash)
addEventListener('hashchange', () => {
  hash.value = location.hash
})

/** The current route. */
export const route = computed(() => parseRoute(hash.value))

/** Reads a hash. Anything unknown is the overview. */
export function parseRoute(text: string): Route {
  const [path = '', query = ''] = text.replace(/^#\/?/, '').split('?', 2)
  const [view = '', ...name] = path.split('/')
  const known = VIEW_NAMES.find((each) => each === view)
  if (known === undefined) return { view: 'overview', name: '', query: new URLSearchParams() }
  return { view: known, name: decodeURIComponent(name.join('/')), query: new URLSearchParams(query) }
}

/** Returns the link to a view. */
export function linkTo(view: ViewName, name = '', query = ''): string {
  const path = name === '' ? view : `${view}/${encodeURI(name)}`
  return `#/${path}${query === '' ? '' : `?${query}`}`
}

/** Shows a view, as a click on its link would. */
export function goTo(view: ViewName, name = '', query = ''): void {
  location.hash = linkTo(view, name, query)
}
