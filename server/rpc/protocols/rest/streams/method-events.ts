/** The events of a method, as `events` of `portico.options.v1` describes them. */
import {
  type DescField,
  type DescMethod,
  getOption,
  hasOption,
  isFieldSet,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { method as methodOption, type ServerSentEvents } from '../../../../../gen/portico/options/v1/options_pb.js'
import { clipValue } from '../../../../../wire/text/clip-text.ts'
import { sendsStream } from '../binding/check-rule.ts'
import { pathName } from '../binding/field-path.ts'
import type { HttpBinding } from '../binding/http-binding.ts'
import { Parameter } from '../binding/parameter.ts'
import { type Fields, fieldValue } from '../binding/set-field.ts'
import type { TextType } from '../binding/text-type.ts'
import { textTypeOf } from '../binding/text-type-of.ts'
import { type EventTemplate, formatEventId, parseEventId, parseEventTemplate } from './event-template.ts'
import type { EventFields } from './sse-format.ts'

const STRICT = { looseBooleans: false, looseDurations: false, ignoresEnumCase: false, jsonValues: false }

/**
 * Returns the events of a binding's method; null if the method does not describe them.
 *
 * @throws RangeError as `createMethodEvents` does
 */
export function eventsOf(binding: HttpBinding): MethodEvents | null {
  const { method } = binding
  const events = hasOption(method, methodOption) ? getOption(method, methodOption).events : undefined
  return events === undefined ? null : createMethodEvents(binding, events)
}

/** @throws RangeError that names the method, the option, and what is wrong */
export function createMethodEvents(
  { method, variables }: Pick<HttpBinding, 'method' | 'variables'>,
  events: ServerSentEvents,
): MethodEvents {
  try {
    return createEvents(method, events, new Set(variables.map(({ fields }) => pathName(fields))))
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown
    throw new RangeError(`invalid events of ${method.parent.typeName}/${method.name}: ${thrown.message}`)
  }
}

function createEvents(
  method: DescMethod,
  { eventId, resume, retryMs }: ServerSentEvents,
  pathFields: ReadonlySet<string>,
): MethodEvents {
  const { input, output } = method
  if (!sendsStream(method)) throw new RangeError('the method has no server stream')
  if (resume !== '' && eventId === '') throw new RangeError('resume: needs event_id')
  const id = eventId === '' ? null : parsed('event_id', () => parseEventTemplate(eventId, output))
  const target = resume === '' ? null : parsed('resume', () => parseEventTemplate(resume, input))
  if (id !== null && target !== null) checkPair(id, target, pathFields)
  return new MethodEvents({ id, target, retryMs: retryMs === 0 ? null : retryMs })
}

function parsed<T>(option: string, parse: () => T): T {
  try {
    return parse()
  } catch (thrown) {
    throw thrown instanceof RangeError ? new RangeError(`${option}: ${thrown.message}`) : thrown
  }
}

/** A variable of the path decides what a request is about, so an id must not change it. */
function checkPair(id: EventTemplate, target: EventTemplate, pathFields: ReadonlySet<string>): void {
  const isSameText =
    id.literals.length === target.literals.length && id.literals.join('{}') === target.literals.join('{}')
  if (!isSameText) throw new RangeError('resume: must be the text of event_id with other fields')
  for (const fields of target.fields) {
    const name = pathName(fields)
    if (pathFields.has(name)) throw new RangeError(`resume: {${name}} is set by the path`)
  }
}

/** Writes and reads the ids of events. */
export class MethodEvents implements EventFields {
  readonly retryMs: number | null
  readonly #id: EventTemplate | null
  readonly #target: EventTemplate | null
  readonly #parameters: readonly Parameter[]

  constructor(init: { id: EventTemplate | null; target: EventTemplate | null; retryMs: number | null }) {
    this.retryMs = init.retryMs
    this.#id = init.id
    this.#target = init.target
    this.#parameters = (init.target?.fields ?? []).map(
      (fields) =>
        new Parameter(
          fields as [...DescField[], DescField],
          textTypeOf(fields.at(-1) as DescField, STRICT) as TextType,
        ),
    )
  }

  /** A message in which no field of the id is set has none, so that its client keeps the id before it. */
  idOf(message: Message): string | null {
    if (this.#id === null) return null
    const { fields } = this.#id
    const texts = fields.map((path) => textAt(message, path))
    if (texts.every((text) => text === undefined)) return null
    return formatEventId(
      this.#id,
      texts.map((text, index) => text ?? defaultOf(fields[index] ?? [])),
    )
  }

  /**
   * Sets the fields of a request from the id that its client saw last.
   *
   * @param lastEventId the value of `Last-Event-ID`; undefined or empty for none
   * @throws ConnectError INVALID_ARGUMENT for an id that is not one of this method
   */
  resume(message: Message, lastEventId: string | undefined): void {
    if (this.#target === null || lastEventId === undefined || lastEventId === '') return
    const values = parseEventId(this.#target, lastEventId)
    if (values === undefined) {
      const id = JSON.stringify(clipValue(lastEventId))
      throw new ConnectError(`last-event-id: ${id} is not an id of these events`, Code.InvalidArgument)
    }
    for (const [index, parameter] of this.#parameters.entries()) {
      parameter.set(message as unknown as Fields, values[index] ?? '', 'last-event-id')
    }
  }
}

/** Returns the value of a field as text; undefined if the field, or a message on the way to it, is not set. */
function textAt(message: Message, fields: readonly DescField[]): string | undefined {
  let value: unknown = message
  for (const field of fields) {
    if (!isFieldSet(value as Message, field)) return undefined
    value = fieldValue(value as Fields, field)
  }
  return String(value)
}

/** An unset field in an id: the default of its type. */
function defaultOf(fields: readonly DescField[]): string {
  return fields.at(-1)?.scalar === ScalarType.STRING ? '' : '0'
}
