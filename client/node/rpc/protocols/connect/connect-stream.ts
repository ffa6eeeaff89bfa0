/** Streams of the Connect protocol. */
import { Code, ConnectError } from '@connectrpc/connect'
import { endStreamFromJson } from '@connectrpc/connect/protocol-connect'
import type { AttemptStart } from '../../../../../wire/call-observer.ts'
import { EnvelopeFlag } from '../../../../../wire/envelope.ts'
import type { EncodableField } from '../../../../../wire/http2/http2.ts'
import { checkJson } from '../../../../../wire/json/parse-json.ts'
import { clipSentence } from '../../../../../wire/text/clip-text.ts'
import { reasonOf } from '../../../base/thrown.ts'
import type { HttpField, HttpHead } from '../../../contracts/http-exchange.ts'
import { isOverLimits, type MetadataLimits, overLimits } from '../../../contracts/metadata-limits.ts'
import type { Attempt, AttemptFactory, AttemptOwner } from '../../attempt.ts'
import type { MethodPlan } from '../../method-plan.ts'
import { type Ending, EnvelopedAttempt, withHeadFields } from '../enveloped-attempt.ts'
import { type HttpMethod, toHeaderFields } from '../http-attempt.ts'
import { connectFields, connectTimeoutField, contentFault, httpError } from './connect-head.ts'

/** A streaming method. */
export class ConnectStreamMethod implements AttemptFactory, HttpMethod {
  readonly plan: MethodPlan
  readonly contentType: string
  readonly fields: readonly EncodableField[]
  readonly timeoutField = connectTimeoutField
  readonly shownTimeout = connectTimeoutField

  constructor(plan: MethodPlan) {
    const { format, sendCompression, acceptCompression } = plan.settings
    this.plan = plan
    this.contentType = `application/connect+${format === 'json' ? 'json' : 'proto'}`
    const fields = connectFields(plan, this.contentType)
    if (sendCompression !== null) fields.push({ name: 'connect-content-encoding', value: sendCompression.name })
    if (acceptCompression.length > 0) {
      fields.push({ name: 'connect-accept-encoding', value: acceptCompression.map(({ name }) => name).join(',') })
    }
    this.fields = fields
  }

  createAttempt(owner: AttemptOwner, kind: AttemptStart): Attempt {
    return new ConnectStreamAttempt(this, owner, kind)
  }
}

class ConnectStreamAttempt extends EnvelopedAttempt {
  protected override readonly endFlag = EnvelopeFlag.END_STREAM
  protected override readonly encodingName = 'connect-content-encoding'
  readonly #contentType: string

  constructor(method: ConnectStreamMethod, owner: AttemptOwner, kind: AttemptStart) {
    super(method, owner, kind)
    this.#contentType = method.contentType
  }

  protected override headFault(head: HttpHead): ConnectError | null {
    return head.status === 200 ? contentFault(head, this.#contentType) : withHeadFields(httpError(head), head)
  }

  protected override endingOfHead(): null {
    return null
  }

  protected override parseEnding(data: Uint8Array, head: HttpHead): Ending {
    const { metadata, error } = readEndStream(data, this.method.plan.settings.metadataLimits)
    const trailers = toHeaderFields([...metadata].map(([name, value]) => ({ name, value })))
    return { trailers, error: error === undefined ? null : withHeadFields(error, head) }
  }

  protected override missingEnding(): ConnectError {
    return new ConnectError('the answer is missing its EndStreamResponse', Code.Internal)
  }
}

function readEndStream(data: Uint8Array, limits: MetadataLimits): ReturnType<typeof endStreamFromJson> {
  try {
    checkJson(data)
    const text = new TextDecoder().decode(data)
    if (isOverLimits(metadataIn(JSON.parse(text)), limits)) throw overLimits('trailers')
    return endStreamFromJson(text)
  } catch (thrown) {
    if (thrown instanceof ConnectError && thrown.code === Code.ResourceExhausted) throw thrown
    const message = `the answer ends without an EndStreamResponse that can be read: ${clipSentence(reasonOf(thrown))}`
    throw new ConnectError(message, Code.Internal, undefined, undefined, thrown)
  }
}

/** Returns each metadata value as a field, before `Headers` joins them. Leaves invalid metadata to Connect. */
function metadataIn(endStream: unknown): HttpField[] {
  const { metadata }: { metadata?: unknown } = Object(endStream)
  return Object.entries(Object(metadata)).flatMap(([name, values]) =>
    Array.isArray(values) ? values.map((value) => ({ name, value: String(value) })) : [],
  )
}
