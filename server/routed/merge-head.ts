/** Joins the head of a call's response with the fields that hooks have set. */
import type { OutgoingHttpHeader } from 'node:http'
import type { EncodableField } from '../../wire/http2/http2.ts'
import { isReservedField } from '../../wire/user-fields.ts'
import { ResponseBlock } from '../rpc/exchange/response-block.ts'

/** Fields as Fastify has them, by lower-case name. */
export type HookFields = Readonly<Record<string, OutgoingHttpHeader | undefined>>

const ALLOW_ORIGIN = 'access-control-allow-origin'
const CORS_PREFIX = 'access-control-'

/** RFC 9110, sections 5.1 and 5.5. */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * Puts the fields of hooks beside those of a head. What the protocol says of itself and of the body is the head's alone. Where
 * both have a field, that of the service counts, which spoke last; of `defaults`, which nobody chose for this call, that of the
 * hooks. Lists are joined. Hooks that answer for CORS do so alone.
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

/** The fields of a response after the last hook: theirs, but for what is the protocol's own. */
export function headAfterHooks(head: ResponseBlock, fields: HookFields): ResponseBlock {
  const own = head.fields.filter(({ name }) => isOwnField(name))
  const others = Object.keys(fields)
    .filter((name) => !isOwnField(name))
    .flatMap((name) => fieldsFor(name, fields[name]))
  return ResponseBlock.once(head.status, [...own, ...others])
}

/** Whether hooks may not set the field. `connection` is theirs too: the server announces by it that it closes. */
function isOwnField(name: string): boolean {
  return isReservedField(name) && name !== 'connection'
}

function isList(name: string): boolean {
  return name === 'vary' || name === 'set-cookie'
}

/** What HTTP could not carry is left out: it would cost the call its answer. */
function fieldsFor(name: string, value: OutgoingHttpHeader | undefined): EncodableField[] {
  if (value === undefined || !NAME.test(name)) return []
  return [value]
    .flat()
    .map(String)
    .filter((text) => VALUE.test(text))
    .map((text) => ({ name, value: text }))
}

function joinVary(fields: readonly EncodableField[]): EncodableField[] {
  const varies = fields.filter(({ name }) => name === 'vary')
  if (varies.length < 2) return [...fields]
  const names = varies.flatMap(({ value }) => value.split(',').map((name) => name.trim()))
  const known = new Map(names.map((name) => [name.toLowerCase(), name]))
  const vary = { name: 'vary', value: [...known.values()].join(', ') }
  return [...fields.filter(({ name }) => name !== 'vary'), vary]
}
