/** Chooses the format of a server stream by the `Accept` field of its request. */
import { type AcceptedItem, acceptedItems } from '../../../exchange/accepted-items.ts'
import type { RestSettings, StreamForm } from '../rest-options.ts'
import { NDJSON_TYPES } from './stream-format.ts'

/** The media types by which clients choose; `application/json` is the envelope where that is the default. */
const MEDIA_TYPES: readonly (readonly [type: string, format: StreamForm])[] = Object.freeze([
  ['application/x-ndjson', 'ndjson'],
  ['text/event-stream', 'sse'],
  ['application/json', 'jsonArray'],
])

/** How much a client wants a format. */
interface Preference {
  readonly format: StreamForm
  readonly weight: number
  /** Of equal weights the lowest counts: what the client names in its order, then the default, then the rest. */
  readonly place: number
}

/**
 * Returns the format that a client prefers (RFC 9110 section 12.5.1). A client that accepts none of them gets the default, which the RFC
 * allows: a stream serves it better than a refusal.
 *
 * @param accept the values of all `Accept` fields, as a list; undefined for none
 */
export function chooseStreamFormat(
  accept: string | undefined,
  { defaultFormat }: Pick<RestSettings['streams'], 'defaultFormat'>,
): StreamForm {
  if (accept === undefined) return defaultFormat
  const items = acceptedItems(accept).map(normalized)
  let best: Preference = { format: defaultFormat, weight: 0, place: 0 }
  for (const [type, named] of MEDIA_TYPES) {
    const format = named === 'jsonArray' && defaultFormat === 'envelope' ? 'envelope' : named
    const wish = preferenceFor({ type, format, isDefault: format === defaultFormat }, items)
    if (wish.weight > best.weight || (wish.weight === best.weight && wish.place < best.place)) best = wish
  }
  return best.format
}

/** The most specific item that matches a media type decides on its weight. */
function preferenceFor(
  { type, format, isDefault }: { type: string; format: StreamForm; isDefault: boolean },
  items: readonly AcceptedItem[],
): Preference {
  const named = items.findIndex(({ value }) => value === type)
  if (named >= 0) return { format, weight: items[named]?.weight ?? 0, place: named }
  const group = `${type.slice(0, type.indexOf('/'))}/*`
  const range = items.find(({ value }) => value === group) ?? items.find(({ value }) => value === '*/*')
  return { format, weight: range?.weight ?? 0, place: items.length + (isDefault ? 0 : 1) }
}

function normalized({ value, weight }: AcceptedItem): AcceptedItem {
  const type = value.toLowerCase()
  return { value: NDJSON_TYPES.has(type) ? 'application/x-ndjson' : type, weight }
}
