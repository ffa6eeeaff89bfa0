/** The titles of documents, which name the tab and its place in the history. */
import type { Route, ViewName } from '../route/parse-route.ts'

const TITLES: Readonly<Record<ViewName, string>> = {
  overview: 'Overview',
  service: 'Service',
  method: 'Method',
  message: 'Message',
  enum: 'Enum',
  history: 'History',
  health: 'Health',
  channelz: 'Channelz',
  metrics: 'Metrics',
  samples: 'Samples',
}

/** Returns the title of a route, such as `SayHello · greeter.v1.GreeterService · Shop`. */
export function titleOf({ view, name }: Pick<Route, 'view' | 'name'>, server: string): string {
  return [...partsOf(view, name), server].join(' · ')
}

function partsOf(view: ViewName, name: string): string[] {
  if (name === '') return [TITLES[view]]
  return view === 'method' ? name.split('/').toReversed() : [name]
}
