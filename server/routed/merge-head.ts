/** Merges the head of a call's response with the fields that hooks have set. */
import type { OutgoingHttpHeader } from 'node:http'
import type { EncodableField } from '../../wire/http2/http2.ts'
import { isReservedField } from '../../wire/user-fields.ts'
import { ResponseBlock } from '../rpc/exchange/response-block.ts'

/** Fields in the form that Fastify has them, by lower-case name. */
export type HookFields = Readonly<Record<string, OutgoingHttpHeader | undefined>>

const ALLOW_ORIGIN = 'access-control-allow-origin'
const CORS_PREFIX = 'access-control-'

/** RFC 9110, sections 5.1 and 5.5. */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * Adds the fields of hooks to a head. Hooks cannot change what the protocol says of itself and of the body. If both
 * have a field, that of the service wins because it is more specific, except for `defaults`, over which the hooks win.
 * Lists are joined. If hooks handle CORS, only their CORS fields are sent.
 */
export function mergeHead(
  head: ResponseBlock,
  hookFields: HookFields,
  defaults: readonly EncodableField[] = [],
): ResponseBlock {
  const names = Object.keys(hookFields).filter((name) => !isOwnField(name) && hookFields[name] !== undefined)
  if (names.length === 0) return head
  const hasHookCors = names.includes(ALLOW_ORIGIN)
  const kept = head.fields.filter((field) => {
    if (hasHookCors && field.name.startsWith(CORS_PREFIX)) return false
    return !(names.includes(field.name) && defaults.includes(field)) || isList(field.name)
  })
  const added = names
    .filter((name) => isList(name) || !kept.some((field) => field.name === name))
    .flatMap((name) => fieldsFor(name, hookFields[name]))
  return ResponseBlock.once(head.status, joinVary([...kept, ...added]))
}

/** Returns the head after the last hook: the fields of the hooks, except for those of the protocol. */
export function headAfterHooks(head: ResponseBlock, fields: HookFields): ResponseBlock {
  const own = head.fields.filter(({ name }) => isOwnField(name))
  const others = Object.keys(fields)
    .filter((name) => !isOwnField(name))
    .flatMap((name) => fieldsFor(name, fields[name]))
  return ResponseBlock.once(head.status, [...own, ...others])
}

/** Whether hooks cannot set a field. They may set `connection`, by which a server announces that it closes. */
function isOwnField(name: string): boolean {
  return isReservedField(name) && name !== 'connection'
}

/** Fields that may be repeated, so those of both sides are kept. */
function isList(name: string): boolean {
  return name === 'vary' || name === 'set-cookie'
}

/** Skips what HTTP cannot carry: sending it would fail the call. */
function fieldsFor(name: string, value: OutgoingHttpHeader | undefined): EncodableField[] {
  if (value === undefined || !NAME.test(name)) return []
  return [value]
    .flat()
    .map(String)
    .filter((text) => VALUE.test(text))
    .map((text) => ({ name, value: text }))
}

/** Joins all `vary` fields into one, without duplicates. */
function joinVary(fields: readonly EncodableField[]): EncodableField[] {
  const varies = fields.filter(({ name }) => name === 'vary')
  if (varies.length < 2) return [...fields]
  const names = varies.flatMap(({ value }) => value.split(',').map((name) => name.trim()))
  const known = new Map(names.map((name) => [name.toLowerCase(), name]))
  const vary = { name: 'vary', value: [...known.values()].join(', ') }
  return [...fields.filter(({ name }) => name !== 'vary'), vary]
}
