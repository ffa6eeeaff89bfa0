/** Keeps all slices of a service up to date: a list, and a watch of what changes afterwards. */
import type { Clock } from '../../wire/http2/http2.ts'
import { clipSentence } from '../../wire/text/clip-text.ts'
import { ApiError } from '../http/http-api.ts'
import { Pace } from '../time/pace.ts'
import type { EndpointSlice } from './endpoint-slice.ts'
import type { KubernetesApi } from './kubernetes-api.ts'
import { readLines } from './read-lines.ts'

/** What to watch. */
export interface SliceWatch {
  readonly api: KubernetesApi
  /** Path and label selector of the slices. */
  readonly path: string
  readonly labelSelector: string
  readonly clock: Clock
  readonly random: () => number
  /** Receives all slices, after the list and after each change. */
  readonly onSlices: (slices: Iterable<EndpointSlice>) => void
}

/** A page of the list: at most 100 endpoints a slice. */
const PAGE_SLICES = 250

/** A list that does not end would otherwise be read for ever. */
const MAX_PAGES = 1_000

/** The API server ends watches in this time, at random, so that they do not all start again at once. */
const MIN_WATCH_S = 300
const MAX_WATCH_S = 600

/** The time that a watch may take beyond. */
const MARGIN_MS = 30_000

/** The resource version is too old: only a new list says what has happened. */
const GONE = 410

interface WatchEvent {
  readonly type?: string
  readonly object?: EndpointSlice & { readonly code?: number; readonly message?: string }
}

/** The slices, by name, and up to which change they are known. */
interface Known {
  readonly slices: Map<string, EndpointSlice>
  version: string
}

/** Rejects when the API server cannot be reached, or denies access. */
export async function watchSlices(watch: SliceWatch, signal: AbortSignal): Promise<void> {
  const pace = new Pace(watch.clock)
  while (!signal.aborted) {
    await pace.turn(signal)
    const known = await list(watch, signal)
    watch.onSlices(known.slices.values())
    let isCurrent = true
    // A watch that ends normally goes on from the last change.
    while (isCurrent && !signal.aborted) {
      await pace.turn(signal)
      isCurrent = await follow(watch, known, signal)
    }
  }
}

async function list({ api, path, labelSelector }: SliceWatch, signal: AbortSignal): Promise<Known> {
  const slices = new Map<string, EndpointSlice>()
  let token = ''
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const query = { labelSelector, limit: `${PAGE_SLICES}`, ...(token !== '' && { continue: token }) }
    const { json } = await api.json({ method: 'GET', path, query, signal })
    const page = json as SliceList | null
    if (!Array.isArray(page?.items)) throw new Error('the response is not a list of EndpointSlices')
    for (const slice of page.items) slices.set(nameOf(slice), slice)
    const { continue: next, resourceVersion } = page.metadata ?? {}
    if (!next) return { slices, version: resourceVersion ?? '' }
    token = next
  }
  throw new RangeError(`the list of EndpointSlices has more than ${MAX_PAGES} pages`)
}

interface SliceList {
  readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string }
  readonly items?: readonly EndpointSlice[]
}

/** Applies changes until the watch ends. Returns false if the slices must be listed again. */
async function follow(watch: SliceWatch, known: Known, signal: AbortSignal): Promise<boolean> {
  const { api, path, labelSelector, random } = watch
  const seconds = Math.round(MIN_WATCH_S + (MAX_WATCH_S - MIN_WATCH_S) * random())
  const query = {
    labelSelector,
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: known.version,
    timeoutSeconds: `${seconds}`,
  }
  try {
    const response = await api.open({ method: 'GET', path, query, timeoutMs: seconds * 1_000 + MARGIN_MS, signal })
    for await (const lines of readLines(response)) {
      const changes = lines.map((line) => apply(JSON.parse(line), known))
      // Once for all changes that arrive together.
      if (changes.includes(true)) watch.onSlices(known.slices.values())
    }
    return true
  } catch (error) {
    if (error instanceof ApiError && error.status === GONE) return false
    throw error
  }
}

/** Returns whether a slice has changed. */
function apply({ type, object = {} }: WatchEvent, known: Known): boolean {
  if (type === 'ERROR') {
    const { code = 0, message = '' } = object
    throw new ApiError(`the watch ended with status ${code}: ${clipSentence(message)}`, code, '')
  }
  known.version = object.metadata?.resourceVersion ?? known.version
  if (type === 'ADDED' || type === 'MODIFIED') known.slices.set(nameOf(object), object)
  else if (type === 'DELETED') known.slices.delete(nameOf(object))
  else return false
  return true
}

function nameOf({ metadata }: EndpointSlice): string {
  return metadata?.name ?? ''
}
