"""What the charts of the page and of the pictures share: headings, and figures of trades."""
