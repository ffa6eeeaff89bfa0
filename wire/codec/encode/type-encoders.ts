/** The encoders of message types, compiled when they are first used. */
import { type DescMessage, type Message, toBinary } from '@bufbuild/protobuf'
import { countCodec } from '../codec-counts.ts'
import { whyNotGenerated } from '../function-source.ts'
import { encodePlan } from './encode-plan.ts'
import { closureWriter } from './encoder-closures.ts'
import { generateWriter } from './encoder-source.ts'
import { grow, output } from './output.ts'
import { whyNotCompiled } from './why-not-compiled.ts'
import { type FieldsWriter, TypeEncoder } from './write-parts.ts'

/** Options of a set of encoders. */
export interface TypeEncodersOptions {
  /** Whether unknown fields are written. */
  readonly writesUnknown: boolean
  /** Whether functions may be generated. Default: whether this process may generate code. */
  readonly canGenerate?: boolean
}

/** The encoders of all types, for one set of options. */
export class TypeEncoders {
  readonly #encoders = new WeakMap<DescMessage, TypeEncoder>()
  readonly #options: TypeEncodersOptions

  constructor(options: TypeEncodersOptions) {
    this.#options = options
  }

  /** Returns the encoder of a type. */
  find(desc: DescMessage): TypeEncoder {
    const known = this.#encoders.get(desc)
    if (known !== undefined) return known
    const encoder: TypeEncoder = new TypeEncoder(desc, (message, p) => {
      encoder.write = this.#compile(desc)
      return encoder.write(message, p)
    })
    this.#encoders.set(desc, encoder)
    return encoder
  }

  #compile(desc: DescMessage): FieldsWriter {
    const { writesUnknown, canGenerate } = this.#options
    const obstacle = whyNotCompiled(desc)
    if (obstacle !== '') {
      countCodec('encode', 'reflective', obstacle)
      return reflectiveWriter(desc, writesUnknown)
    }
    const fields = encodePlan(desc)
    const context = { typeName: desc.typeName, writesUnknown, find: (other: DescMessage) => this.find(other) }
    const reason = whyNotGenerated(fields.length, canGenerate)
    countCodec('encode', reason === '' ? 'generated' : 'closures', reason)
    return reason === '' ? generateWriter(fields, context) : closureWriter(fields, context)
  }
}

/** Writes messages of a type with protobuf-es. */
function reflectiveWriter(desc: DescMessage, writeUnknownFields: boolean): FieldsWriter {
  return (message, p) => {
    const octets = toBinary(desc, message as Message, { writeUnknownFields })
    grow(p, octets.byteLength)
    output.buffer.set(octets, p)
    return grow(p + octets.byteLength)
  }
}
