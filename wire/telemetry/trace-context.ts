/** Carries trace contexts in header fields, as the propagator of the program writes them: `traceparent` by default. */
import type { HeaderReader } from '../call-observer.ts'
import type { EncodableField } from '../http2/http2.ts'
import type { OtelContext, OtelGetter, OtelPropagator } from './open-telemetry-api.ts'

/** Reads header fields for a propagator. */
export const HEADER_GETTER: OtelGetter<HeaderReader> = {
  keys: (header) => [...header.keys()],
  get: (header, key) => header.get(key.toLowerCase()) ?? undefined,
}

/** Returns the fields that carry a context to the next server, with lower-case names. */
export function contextFields(propagator: OtelPropagator, context: OtelContext): readonly EncodableField[] {
  const fields: EncodableField[] = []
  propagator.inject(context, fields, FIELD_SETTER)
  return fields
}

const FIELD_SETTER = {
  set: (fields: EncodableField[], name: string, value: string) => void fields.push({ name: name.toLowerCase(), value }),
}
