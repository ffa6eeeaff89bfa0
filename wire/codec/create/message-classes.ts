/** The classes of message types, compiled when they are first used. */
import type { DescMessage } from '@bufbuild/protobuf'
import { countCodec } from '../codec-counts.ts'
import { whyNotGenerated } from '../function-source.ts'
import { closureClass } from './closure-class.ts'
import { compileClass, type MessageClass, type MessageConstructor } from './message-class.ts'

/** A class whose functions are replaced by the compiled ones when it is first used. */
export interface LazyClass extends MessageClass {
  Message: MessageConstructor
  create: MessageClass['create']
  convert: MessageClass['convert']
  /** The function that callers keep: it stays the same, and calls `create`. */
  readonly creator: MessageClass['create']
}

/** The classes of all types. */
export class MessageClasses {
  readonly #classes = new WeakMap<DescMessage, LazyClass>()
  readonly #canGenerate: boolean | undefined

  /** @param canGenerate Whether functions may be generated. Default: whether this process may generate code. */
  constructor(canGenerate?: boolean) {
    this.#canGenerate = canGenerate
  }

  /** Returns the class of a type, and compiles it on the first call. */
  get(desc: DescMessage): MessageClass {
    const known = this.find(desc)
    if (known.Message === NotCompiled) Object.assign(known, this.#compile(desc))
    return known
  }

  /** Returns the class of a type, which may not have been compiled yet: types refer to each other, and to themselves. */
  find(desc: DescMessage): LazyClass {
    const known = this.#classes.get(desc)
    if (known !== undefined) return known
    const lazy: LazyClass = {
      Message: NotCompiled as MessageConstructor,
      create: (init) => this.get(desc).create(init),
      convert: (value) => this.get(desc).convert(value),
      creator: (init) => lazy.create(init),
    }
    this.#classes.set(desc, lazy)
    return lazy
  }

  #compile(desc: DescMessage): MessageClass {
    const find = (other: DescMessage): LazyClass => this.find(other)
    const reason = whyNotGenerated(desc.members.length, this.#canGenerate)
    countCodec('create', reason === '' ? 'generated' : 'closures', reason)
    return reason === '' ? compileClass(desc, find) : closureClass(desc, find)
  }
}

class NotCompiled {
  readonly $typeName = ''
}
