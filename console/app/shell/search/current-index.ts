/** The index of the API that the page shows, made while the page has nothing else to do. */
import type { Api } from '../../api/api.ts'
import { SearchIndex } from './search-index.ts'

/** Entries that are collected without a pause: about a millisecond. */
const SLICE = 2_000

const indexes = new WeakMap<Api, SearchIndex>()

/** Returns the index of an API, complete or not. */
export function currentIndex(api: Api): SearchIndex {
  const index = indexes.get(api) ?? new SearchIndex(api)
  indexes.set(api, index)
  return index
}

/** Collects the entries of an API in pauses of the page. */
export function prepareSearch(api: Api): void {
  const index = currentIndex(api)
  const collect = () => {
    if (index.collect(SLICE)) whenIdle(collect)
  }
  whenIdle(collect)
}

/** Safari has no idle callbacks. */
function whenIdle(action: () => void): void {
  if (typeof requestIdleCallback === 'function') requestIdleCallback(action)
  else setTimeout(action, 20)
}
