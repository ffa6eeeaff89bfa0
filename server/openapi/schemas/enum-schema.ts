/** The JSON of enums. */
import type { DescEnum } from '@bufbuild/protobuf'
import type { JsonData, Schema } from '../model/document.ts'
import type { Declarations } from './declarations.ts'
import type { JsonForm } from './json-form.ts'

/** Returns the schema of an enum: the names of its values, or their numbers, as the form has it. */
export function enumSchema(type: DescEnum, { enumAsInteger }: JsonForm, declarations: Declarations): Schema {
  const values = type.values.filter((value) => declarations.isVisible(value))
  const comments = values.map((value) => {
    const comment = declarations.commentOf(value)?.replace(/\s*\n\s*/g, ' ')
    return comment === undefined ? [] : [`- \`${value.name}\`: ${comment}`]
  })
  const description = [declarations.commentOf(type), comments.flat().join('\n')].filter(Boolean).join('\n\n')
  const names: readonly string[] = values.map(({ name }) => name)
  return {
    title: type.name,
    ...(description !== '' && { description }),
    ...(type.deprecated && { deprecated: true }),
    ...(enumAsInteger ? integerSchema(values) : { type: 'string', enum: names }),
  }
}

/** Aliases have the same number. */
function integerSchema(values: DescEnum['values']): Schema {
  const names = new Map<JsonData, string>()
  for (const { number, name } of values) if (!names.has(number)) names.set(number, name)
  return { type: 'integer', format: 'int32', enum: [...names.keys()], 'x-enum-varnames': [...names.values()] }
}
