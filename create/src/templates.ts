/** The templates, as folders beside this program. */

/** The folders that a template is made of. A later one adds to the earlier ones. */
export const TEMPLATES = {
  service: ['service'],
  'service+web': ['service', 'service+web'],
} as const

/** The name of a template, as `--template` takes it. */
export type TemplateName = keyof typeof TEMPLATES

/** The template that is used when none is named. */
export const DEFAULT_TEMPLATE: TemplateName = 'service'

/** Says whether there is a template of that name. */
export function isTemplateName(name: string): name is TemplateName {
  return Object.hasOwn(TEMPLATES, name)
}
