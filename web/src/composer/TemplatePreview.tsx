import type { Template } from "../documents.ts";

export function Preview({ template, values }: { template: Template; values: readonly string[] }) {
  return (
    <div class="template-preview" aria-label="Preview" role="group">
      <div class="bubble bubble-ours">
        {template.header?.text && (
          <p class="template-header">{filled(template.header.text, "header", template, values)}</p>
        )}
        <p class="bubble-text" dir="auto">
          {filled(template.body, "body", template, values)}
        </p>
        {template.footer && <p class="template-footer">{template.footer}</p>}
        {template.buttons.length > 0 && (
          <ul class="template-buttons" aria-label="Buttons">
            {template.buttons.map((button) => (
              <li key={button.text}>{button.text}</li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

/** The text with the blanks of its component filled; an empty one stays visible as a blank. */
export function filled(text: string, component: string, template: Template, values: readonly string[]): string {
  let result = text;
  template.parameters.forEach((parameter, at) => {
    if (parameter.component !== component) return;
    const value = (values[at] ?? "").trim();
    if (value !== "") result = result.replaceAll(`{{${parameter.name}}}`, () => value);
  });
  return result;
}
