/** Makes the function that decodes whole messages of one type. */
import { FunctionSource } from '../function-source.ts'
import { truncated } from './octet-reader.ts'
import type { Fields, TypeReader } from './type-reader.ts'

/** Decodes a message at a position, up to the limit of the reader. */
export type DecodeMessage = (octets: Uint8Array, start: number, end: number) => Fields

/** Returns the function of a type. With code of its own for each, V8 sees one constructor and one reader where it calls them. */
export function emitDecode(type: TypeReader): DecodeMessage {
  const source = new FunctionSource()
  const name = source.bind(type)
  source.add(
    `const m = new ${name}.Message()`,
    `if (${name}.read(m, b, p, end, 1, 0) > end) ${source.bind(truncated)}()`,
    'return m',
  )
  return source.compile<DecodeMessage>('b, p, end', `decode_${type.desc.typeName}`)
}

/** Returns the function of a type, without generated code. */
export function closureDecode(type: TypeReader): DecodeMessage {
  return (octets, start, end) => {
    const message = new type.Message()
    if (type.read(message, octets, start, end, 1, 0) > end) truncated()
    return message
  }
}
