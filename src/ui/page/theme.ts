import { button, icon, say, unseen } from './dom.ts'

const KEY = 'eventail-theme'
const THEMES = ['system', 'dark', 'light'] as const
type Theme = (typeof THEMES)[number]

const stored = (): Theme => THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? 'system'

const apply = (theme: Theme): void => {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}

/** The theme that was chosen here before; to be called before anything is drawn. */
export const applyStoredTheme = (): void => {
  apply(stored())
}

/** A button that goes from the system's theme to dark to light; `changed`: what is painted must be painted anew. */
export const themeButton = (changed: () => void): HTMLElement => {
  let theme = stored()
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed)
  const label = unseen(`Theme: ${theme}`)
  return button(
    { class: 'control', title: 'Theme: as the system, dark, light' },
    () => {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
      localStorage.setItem(KEY, theme)
      apply(theme)
      label.textContent = `Theme: ${theme}`
      say(`Theme: ${theme}`)
      changed()
    },
    icon('theme'),
    label,
  )
}
