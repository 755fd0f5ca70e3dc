"""The catalogue of prompts: versions, labels, templates, example sets, experiments.

What stands in its table:

| subject | items |
|---|---|
| `<tenant>#prompts`, `<tenant>#examples` | a head for each name: newest version, number of changes |
| `<tenant>#prompt#<name>`, `<tenant>#example#<name>` | `version#`, `digest#`, `label#`, `audit#`, `mirror` |
| `<tenant>#experiments` | an experiment each, by id |
| `<tenant>#experiment#<id>` | `count#`, and what was counted: `event#`, `unit#`, which expire |
"""
