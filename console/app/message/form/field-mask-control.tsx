/** A field mask: typed, or chosen among the fields of the messages beside it. */
import type { DescMessage } from '@bufbuild/protobuf'
import { Disclosure } from '../../parts/disclosure.tsx'
import { type ControlProps, inputAttributes, shownText } from './control-props.ts'
import { useTyped } from './use-typed.ts'

const MAX_DEPTH = 2

export function FieldMaskControl(props: ControlProps) {
  const onText = (value: string) => props.onValue(value === '' && !props.keepsDefault ? null : JSON.stringify(value))
  const { text, onInput, onBlur } = useTyped(shownText(props.node), (typed) => onText(typed.trim()))
  const paths = text.split(',').filter((path) => path !== '')
  const choices = props.field?.kind === 'field' ? siblingPaths(props.field.parent) : []
  const toggle = (path: string, isOn: boolean) =>
    onText((isOn ? [...paths, path] : paths.filter((each) => each !== path)).join(','))
  return (
    <div class="draft-mask">
      <input
        type="text"
        class="input is-mono"
        {...inputAttributes(props)}
        placeholder="title,author.name"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => onInput(event.currentTarget.value)}
        onBlur={onBlur}
      />
      {choices.length === 0 ? null : (
        <Disclosure summary="Choose fields">
          <div class="draft-choices">
            {choices.map((path) => (
              <label key={path} class="draft-choice">
                <input
                  type="checkbox"
                  checked={paths.includes(path)}
                  onChange={(event) => toggle(path, event.currentTarget.checked)}
                />
                <bdi>{path}</bdi>
              </label>
            ))}
          </div>
        </Disclosure>
      )}
    </div>
  )
}

/** By convention, a mask beside a resource names fields of it, as in `UpdateBookRequest { Book book; FieldMask update_mask; }`. */
function siblingPaths(parent: DescMessage): readonly string[] {
  const resources = parent.fields.filter((field) => field.fieldKind === 'message' && !isWellKnown(field.message))
  const [resource] = resources
  if (resource?.message !== undefined && resources.length === 1) return pathsOf(resource.message, 1)
  return pathsOf(parent, 1)
}

function pathsOf(message: DescMessage, depth: number): readonly string[] {
  return message.fields.flatMap((field) => {
    const name = lowerCamel(field.name)
    const isDeeper = field.fieldKind === 'message' && depth < MAX_DEPTH && !isWellKnown(field.message)
    return isDeeper ? [name, ...pathsOf(field.message, depth + 1).map((path) => `${name}.${path}`)] : [name]
  })
}

function isWellKnown(message: DescMessage): boolean {
  return message.file.proto.package === 'google.protobuf'
}

/** Masks use names of fields in camel case, whatever their names in JSON are. */
function lowerCamel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
