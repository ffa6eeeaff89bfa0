/** The texts of enums: names and numbers. */
import type { DescEnum } from '@bufbuild/protobuf'
import type { TextType, ValueSettings } from './text-type.ts'

const NUMBER = /^-?(?:0|[1-9]\d{0,9})$/
const LEAST = -(2 ** 31)
const MOST = 2 ** 31 - 1

/** Errors list the names of small enums. */
const MOST_LISTED = 10

/** Returns the type of an enum. Open enums have any 32-bit number, closed ones those that they declare. */
export function enumText(desc: DescEnum, { ignoresEnumCase }: ValueSettings): TextType {
  const numbers = new Map<string, number>()
  for (const { name, number } of desc.values) {
    numbers.set(name, number)
    if (ignoresEnumCase) numbers.set(name.toLowerCase(), number)
  }
  if (desc.typeName === 'google.protobuf.NullValue') numbers.set('null', 0)
  return {
    expected: expectedText(desc),
    parse(text) {
      const number = numbers.get(text) ?? (ignoresEnumCase ? numbers.get(text.toLowerCase()) : undefined)
      return number ?? parseNumber(desc, text)
    },
  }
}

function parseNumber(desc: DescEnum, text: string): number | undefined {
  if (!NUMBER.test(text)) return undefined
  const number = Number(text) + 0
  const isValid = desc.open ? number >= LEAST && number <= MOST : desc.value[number] !== undefined
  return isValid ? number : undefined
}

function expectedText({ typeName, values }: DescEnum): string {
  if (values.length > MOST_LISTED) return `a value of ${typeName}`
  return `one of ${values.map(({ name }) => name).join(', ')}`
}
