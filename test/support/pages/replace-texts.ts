/** Replaces every occurrence of each key by its value, in the order of the table. */
export function replaceTexts(text: string, replaced: Readonly<Record<string, string>>): string {
  let changed = text
  for (const [found, instead] of Object.entries(replaced)) changed = changed.replaceAll(found, instead)
  return changed
}
