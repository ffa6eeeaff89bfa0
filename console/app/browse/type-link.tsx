/** Types of fields and methods, as links to their pages. */
import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf'
import { labelOf, scalarName, valueTypeName } from '../api/type-names.ts'
import { linkTo } from '../route/route.ts'

/** Draws a link with the short name of a type; its tooltip is the full name. */
export function TypeLink({ type }: { type: DescMessage | DescEnum }) {
  return (
    <a class="type-link" href={linkTo(type.kind, type.typeName)} title={type.typeName}>
      <bdi>{nestedName(type)}</bdi>
    </a>
  )
}

/** Draws the type of a field, with `repeated` and the like. */
export function FieldType({ field }: { field: DescField }) {
  const type = field.message ?? field.enum
  const value = type === undefined ? valueTypeName(field) : <TypeLink type={type} />
  if (field.fieldKind === 'map') {
    return (
      <span class="field-type">
        map&lt;{scalarName(field.mapKey)}, {value}&gt;
      </span>
    )
  }
  const label = labelOf(field)
  return (
    <span class="field-type">
      {label !== '' && `${label} `}
      {value}
    </span>
  )
}

/** The name inside of the package, such as `Order.Line`. */
export function nestedName(type: DescMessage | DescEnum): string {
  return type.parent === undefined ? type.name : `${nestedName(type.parent)}.${type.name}`
}
