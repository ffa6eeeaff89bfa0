/** How a message looks as JSON: which protocol carries it, and in which direction. */
import type { RestSettings } from '../../rpc/protocols/rest/rest-options.ts'
import type { OpenApiConnect } from '../model/openapi-options.ts'

/** The forms in the order in which they take the plain names of components. */
export const FORM_NAMES = ['response', 'request', 'connect-response', 'connect-request'] as const

/** A form of JSON. */
export interface JsonForm {
  readonly name: (typeof FORM_NAMES)[number]
  readonly isRequest: boolean
  readonly useProtoFieldName: boolean
  readonly enumAsInteger: boolean
  /** Whether fields without presence are always there. */
  readonly emitsImplicit: boolean
  /** Whether unset messages are null. */
  readonly emitsNull: boolean
  /** Whether objects with unknown fields are refused. Responses have none, until a field is added. */
  readonly rejectsUnknown: boolean
}

/** The forms of a protocol. */
export interface JsonForms {
  readonly request: JsonForm
  readonly response: JsonForm
}

/** Returns the forms of REST. */
export function restForms({ jsonOptions, unknownFields }: RestSettings): JsonForms {
  const { useProtoFieldName, enumAsInteger, emitUnpopulated, alwaysEmitImplicit } = jsonOptions
  const shared = { useProtoFieldName, enumAsInteger }
  const rejectsUnknown = unknownFields === 'reject'
  const emits = { emitsImplicit: alwaysEmitImplicit || emitUnpopulated, emitsNull: emitUnpopulated }
  return {
    request: { ...shared, name: 'request', isRequest: true, rejectsUnknown, emitsImplicit: false, emitsNull: false },
    response: { ...shared, name: 'response', isRequest: false, rejectsUnknown: false, ...emits },
  }
}

/** Returns the forms of Connect. */
export function connectForms({ jsonOptions = {} }: OpenApiConnect): JsonForms {
  const { useProtoFieldName = false, enumAsInteger = false, alwaysEmitImplicit = false } = jsonOptions
  const rejectsUnknown = jsonOptions.ignoreUnknownFields === false
  const shared = { useProtoFieldName, enumAsInteger, emitsNull: false }
  return {
    request: { ...shared, name: 'connect-request', isRequest: true, rejectsUnknown, emitsImplicit: false },
    response: {
      ...shared,
      name: 'connect-response',
      isRequest: false,
      rejectsUnknown: false,
      emitsImplicit: alwaysEmitImplicit,
    },
  }
}
