"""The page's tabs: each builds its Gradio blocks, and answers their events."""
