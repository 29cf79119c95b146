"""Numbers to pages: an evaluation, and runs side by side, each as JSON and as one HTML file that needs no other.

`numbers` turns an evaluation to plain numbers and `evaluation_page` shows it; `runs` reads the folders of runs,
`comparison` says what of them may be compared, and `comparison_page` shows it. `files` writes and reads; `page`
and `plots` are what pages are made of. Measures are known by what protocols and numbers say of them, not by name.
"""
