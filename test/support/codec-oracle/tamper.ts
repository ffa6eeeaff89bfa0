/** Changes messages as careless code does. */
import type { Message } from '@bufbuild/protobuf'
import type { SeededRandom } from '../seeded-random.ts'
import { wrongValue } from './scalar-values.ts'

/** Returns a copy of a message in which one property is missing, of the wrong type, or of another message. */
export function tamper(message: Message, random: SeededRandom): Message {
  const copy: Record<string, unknown> = Object.assign(Object.create(Object.getPrototypeOf(message)), message)
  const keys = Object.keys(copy)
  const key = random.pick(keys)
  switch (random.below(6)) {
    case 0:
      delete copy[key]
      break
    case 1:
      copy[key] = random.pick([null, undefined])
      break
    case 2:
      copy[key] = copy[random.pick(keys)]
      break
    case 3:
      // As after JSON.parse(JSON.stringify(...)), or a spread.
      return { ...copy } as unknown as Message
    default:
      copy[key] = wrongValue(random)
  }
  return copy as unknown as Message
}
