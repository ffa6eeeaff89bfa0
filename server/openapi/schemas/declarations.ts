/** What the declarations of .proto files say to readers of a document, and which of them readers may see. */
import {
  type DescEnum,
  type DescEnumValue,
  type DescField,
  type DescMessage,
  type DescMethod,
  type DescService,
  getOption,
} from '@bufbuild/protobuf'
import { type FieldBehavior, field_behavior as fieldBehavior } from '../../../gen/google/api/field_behavior_pb.js'
import {
  api_visibility as apiVisibility,
  enum_visibility as enumVisibility,
  field_visibility as fieldVisibility,
  message_visibility as messageVisibility,
  method_visibility as methodVisibility,
  type VisibilityRule,
  value_visibility as valueVisibility,
} from '../../../gen/google/api/visibility_pb.js'
import type { OpenApiOptions } from '../model/openapi-options.ts'

/** A declaration that can be restricted to some readers. */
export type Restrictable = DescService | DescMethod | DescMessage | DescField | DescEnum | DescEnumValue

/** A comment in two parts. */
export interface Texts {
  readonly summary?: string
  readonly description?: string
}

const PARAGRAPHS = /\n[\t ]*\n/

/** Reads comments and visibility. */
export class Declarations {
  readonly #comments: NonNullable<OpenApiOptions['comments']>
  /** Null: nothing is hidden. */
  readonly #labels: ReadonlySet<string> | null

  constructor({ comments = () => undefined, visibility }: Pick<OpenApiOptions, 'comments' | 'visibility'>) {
    this.#comments = comments
    this.#labels = visibility === undefined ? null : new Set(visibility)
  }

  /** Whether readers may see a declaration. One that is restricted to several labels needs one of them. */
  isVisible(declaration: Restrictable): boolean {
    const labels = this.#labels
    const restriction = labels === null ? undefined : restrictionOf(declaration)
    if (labels === null || restriction === undefined || restriction === '') return true
    return restriction.split(',').some((label) => labels.has(label.trim()))
  }

  /** Returns the comment of a declaration; undefined if it has none. */
  commentOf(declaration: Restrictable): string | undefined {
    return this.#comments(declaration)?.trim() || undefined
  }

  /** Returns the comment of a declaration as the first paragraph, on one line, and the others. */
  textsOf(declaration: Restrictable): Texts {
    const comment = this.commentOf(declaration)
    if (comment === undefined) return {}
    const end = PARAGRAPHS.exec(comment)
    const first = comment.slice(0, end?.index).replace(/\s*\n\s*/g, ' ')
    const rest = end === null ? '' : comment.slice(end.index + end[0].length).trim()
    return { summary: first, ...(rest !== '' && { description: rest }) }
  }
}

/** Whether a field has a `google.api.field_behavior`. */
export function hasBehavior(field: DescField, behavior: FieldBehavior): boolean {
  return getOption(field, fieldBehavior).includes(behavior)
}

function restrictionOf(declaration: Restrictable): string | undefined {
  return visibilityRuleOf(declaration).restriction
}

function visibilityRuleOf(declaration: Restrictable): VisibilityRule {
  switch (declaration.kind) {
    case 'service':
      return getOption(declaration, apiVisibility)
    case 'rpc':
      return getOption(declaration, methodVisibility)
    case 'message':
      return getOption(declaration, messageVisibility)
    case 'field':
      return getOption(declaration, fieldVisibility)
    case 'enum':
      return getOption(declaration, enumVisibility)
    case 'enum_value':
      return getOption(declaration, valueVisibility)
  }
}
