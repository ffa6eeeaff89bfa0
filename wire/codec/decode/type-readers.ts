/** Keeps the readers of types, one per descriptor. */
import type { DescMessage } from '@bufbuild/protobuf'
import { countCodec } from '../codec-counts.ts'
import { messageConstructor } from '../create/message-creator.ts'
import { whyNotGenerated } from '../function-source.ts'
import { closureReader } from './closure-reader.ts'
import { emitReader } from './emit-reader.ts'
import type { Fields, FindReader, ReadMessage, TypeReader } from './type-reader.ts'

/** How the messages of all types are read. */
export interface ReaderOptions {
  /** Whether code may be generated. */
  readonly generates: boolean
  /** Whether the readers charge the decode budget. */
  readonly charges: boolean
}

/** Returns a function that finds the readers of types, and keeps them as long as their descriptors. */
export function readerTable({ generates, charges }: ReaderOptions): FindReader {
  const known = new WeakMap<DescMessage, TypeReader>()
  const find = (desc: DescMessage): TypeReader => {
    let type = known.get(desc)
    if (type === undefined) {
      type = lazyReader(desc, () => compile(desc, finder, generates))
      known.set(desc, type)
    }
    return type
  }
  const finder: FindReader = Object.assign(find, { charges })
  return finder
}

function compile(desc: DescMessage, find: FindReader, generates: boolean): ReadMessage {
  const reason = whyNotGenerated(desc.fields.length, generates)
  // A type is counted once, not again for the reader that charges.
  if (!find.charges) countCodec('decode', reason === '' ? 'generated' : 'closures', reason)
  return reason === '' ? emitReader(desc, find) : closureReader(desc, find)
}

/** Returns a reader whose functions replace themselves by the compiled ones when they are called first. */
function lazyReader(desc: DescMessage, compileReader: () => ReadMessage): TypeReader {
  function FirstMessage(): Fields {
    type.Message = messageConstructor(desc) as unknown as new () => Fields
    return new type.Message()
  }
  const type: { desc: DescMessage; Message: new () => Fields; read: ReadMessage } = {
    desc,
    Message: FirstMessage as unknown as new () => Fields,
    read(...input) {
      type.read = compileReader()
      return type.read(...input)
    },
  }
  return type
}
