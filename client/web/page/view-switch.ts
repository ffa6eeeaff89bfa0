/** Shows the demo that the fragment of the address names. */
import type { View } from './views/view.ts'

/**
 * Follows the fragment of the address, and shows the first demo if it names none. No demo is active while the page is in the
 * background, so that a browser with many tabs keeps its few connections for visible ones.
 */
export function switchViews(views: readonly [View, ...View[]], links: readonly HTMLAnchorElement[]): void {
  let active: View | undefined

  function update(): void {
    const selected = views.find(({ section }) => location.hash === `#${section.id}`) ?? active ?? views[0]
    for (const { section } of views) section.hidden = section !== selected.section
    for (const link of links) markCurrent(link, link.hash === `#${selected.section.id}`)
    document.title = `${selected.section.querySelector('h2')?.textContent ?? ''} · Portico`
    activate(document.hidden ? undefined : selected)
  }

  function activate(next: View | undefined): void {
    if (next === active) return
    active?.hide()
    active = next
    next?.show()
  }

  addEventListener('hashchange', update)
  document.addEventListener('visibilitychange', update)
  update()
}

function markCurrent(link: HTMLAnchorElement, isCurrent: boolean): void {
  if (isCurrent) link.setAttribute('aria-current', 'page')
  else link.removeAttribute('aria-current')
}
